"""The pages of identity checks: the person's own, and those of compliance."""
