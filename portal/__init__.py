"""The kernel and shell that every other package of Touchstone stands on."""
