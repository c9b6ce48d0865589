terraform {
  required_version = ">= 1.4"
}

# All resources are terraform_data: it is part of Terraform, keeps its input in the state, and creates nothing else.

# Slow to build, and the reason for a pool. It does not depend on its owner, so a claim does not touch it, unless
# replace_on_claim ties it to the owner: a mistake that a template should not make.
resource "terraform_data" "disk" {
  input = {
    region = var.region
    image  = var.image
  }
  triggers_replace = var.replace_on_claim ? [var.stoker_workspace_owner] : []
}

# Belongs to the owner. A claim changes owner and name in place: `input` is updated, nothing is replaced.
resource "terraform_data" "workspace" {
  input = {
    id       = var.stoker_workspace_id
    name     = var.stoker_workspace_name
    owner    = var.stoker_workspace_owner
    prebuild = var.stoker_prebuild
    disk     = terraform_data.disk.id
  }
}

output "owner" {
  value = terraform_data.workspace.output.owner
}
