variable "a" {
  type        = list(object({ name = string, n = optional(number, 1) }))
  default     = [{ name = "x", n = -1.5e3 }, { "name" : "y" }]
  description = <<-EOT
    Two lines,
      one indented: $${not}
  EOT
  validation {
    condition     = contains(["a", "b"], var.a)
    error_message = "It is ${var.a}: \"no\"."
  }
}
# a comment
// another
/* and one
   more */
resource "x" "y" { z = "${lookup({ "a" = "}" }, "a")}%{ if true }x%{ endif }" }
