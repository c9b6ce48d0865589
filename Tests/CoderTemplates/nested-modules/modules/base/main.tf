variable "region" {
  type = string
}

variable "sizes" {
  type = map(number)
}

data "coder_parameter" "region" {
  name    = "region"
  default = var.region
  option {
    name  = "Home"
    value = var.region
  }
}

module "agent" {
  source = "../agent"
  size   = var.sizes["home"]
}
