"""The inbox as a person sees it: one module a noun, HTML in, HTML out."""
