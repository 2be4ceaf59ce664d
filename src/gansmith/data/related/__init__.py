"""Several tables that keys join: what belongs to what, read and checked, and seen as flat rows that a model learns."""
