"""Sounds: files of any rate and length to clips of one rate and length, and back."""
