"""Floor 6a: runs that a name or a file describes; presets are read without torch."""
