"""Clips: animations, video files, folders of frames and arrays, as clips of one size and number of frames."""
