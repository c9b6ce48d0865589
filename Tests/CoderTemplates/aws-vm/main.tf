terraform {
  required_providers {
    coder = {
      source = "coder/coder"
    }
  }
}

data "coder_parameter" "region" {
  name         = "region"
  display_name = "Region"
  default      = "us-east-1"
  mutable      = false
  option {
    name  = "EU (Ireland)"
    value = "eu-west-1"
    icon  = "/emojis/1f1ea-1f1fa.png"
  }
  option {
    name  = "US East"
    value = "us-east-1"
    icon  = "${data.coder_workspace.me.access_url}/emojis/1f1fa-1f1f8.png"
  }
}

data "coder_parameter" "instance_type" {
  name    = "instance_type"
  default = "t3.micro"
  option {
    name  = "2 vCPU, 1 GiB"
    value = "t3.micro"
  }
  option {
    name  = "2 vCPU, 8 GiB"
    value = "t3.large"
  }
}

data "coder_workspace" "me" {}

provider "aws" {
  region = data.coder_parameter.region.value
}

data "aws_ami" "ubuntu" {
  most_recent = true
  filter {
    name   = "name"
    values = ["ubuntu/images/hvm-ssd/*"]
  }
}

locals {
  user_data = <<EOT
Content-Type: multipart/mixed; boundary="//"

#cloud-config
hostname: ${lower(data.coder_workspace.me.name)}
%{ if true ~}
runcmd: []
%{ endif ~}
EOT
}

resource "coder_agent" "dev" {
  count = data.coder_workspace.me.start_count
  arch  = "amd64"
  auth  = "token"
  os    = "linux"
}

resource "aws_instance" "dev" {
  ami           = data.aws_ami.ubuntu.id
  instance_type = data.coder_parameter.instance_type.value
  user_data     = local.user_data
}
