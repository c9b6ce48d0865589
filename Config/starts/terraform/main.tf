# What a workspace is made of. terraform_data is a part of Terraform and creates nothing: put your resources in its place.
# Stoker keeps the state; a backend block is passed over.

terraform {
  required_version = ">= 1.4"
}

# Slow to build, and the reason for a pool. It must not depend on the owner: a claim would replace it.
resource "terraform_data" "disk" {
  input = {
    region = var.region
    size   = var.size
  }
}

# A claim changes the owner in place.
resource "terraform_data" "machine" {
  input = {
    owner    = var.stoker_workspace_owner
    name     = var.stoker_workspace_name
    prebuild = var.stoker_prebuild
    disk     = terraform_data.disk.id
  }
}
