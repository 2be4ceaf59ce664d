"""Music as voices on a grid of time steps: read from MIDI files and grids, written as MIDI, sound and pictures.

A window is voices by time steps. A voice has one pitch or a rest in each step, and a mark where it strikes once
more the pitch that it has. So every sample can be played, and parallel fifths and crossings can be counted of any;
rolls with any set of notes in a track, as MuseGAN has them, allow neither. A part with chords becomes as many
voices as it usually has notes at once, and what finds no voice is counted and told. Drums, loudness, pedal and
changes of tempo are left out.

Standard MIDI files are read and written here: notes, programs, tempo and meter are two hundred lines, the core alone
then reads and writes them, and damage is refused with its reason.
"""
