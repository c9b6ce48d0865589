variable "a" {}
