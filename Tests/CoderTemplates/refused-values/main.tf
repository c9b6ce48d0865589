data "coder_parameter" "size" {
  name = "size"
  type = "int"
}

data "coder_parameter" "zone" {
  name    = "zone"
  default = "a"
  option {
    name  = "A"
    value = "a"
  }
}

data "coder_parameter" "zone_again" {
  name    = "zone"
  default = "b"
}
