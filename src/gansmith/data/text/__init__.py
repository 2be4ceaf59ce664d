"""Texts: read from files, cut into tokens that join to the same text again."""
