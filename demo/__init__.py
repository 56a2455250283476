"""The demo world: sample people and projects, seeded through the same services as real ones."""
