"""Kinds of data beside images and tables: each is one module here that says what the toolkit has to know of it.

A module `gansmith.run.kinds.<kind>` holds one object, `KIND`, of a class that inherits from `Kind` (in `_kind`):

- `recognise`: whether a path holds this kind, and why;
- `open`: from a path to `Items` (raw columns, names, digests, classes; `data/items.py`);
- `fit`, `codec_of`: the codec (`data/item_codec.py`), from training items or from a model folder;
- `instrument`: what measures and shows samples (`Instrument`);
- `write`: samples into files;
- `describe`: what `gansmith inspect` says of items;
- `demo`: what `gansmith demo --<kind>` trains on.

Everything else is shared: `_data` splits, `_model` samples, saves and loads, `_judging` measures while a run trains and
at its end, `_assess` measures later, `_registry` finds kinds by name or by what a path holds.
"""
