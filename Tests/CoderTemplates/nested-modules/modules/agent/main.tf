variable "size" {}

data "coder_parameter" "size" {
  name    = "size"
  type    = "number"
  default = var.size
}

resource "coder_agent" "inner" {
  os   = "linux"
  arch = "arm64"
}
