"""Image data: readers of every common source, one policy to make them alike, splits, codec and endless batches.

The parts, in the order in which data flows: `sniff.open_reader` (a path becomes raw pictures), `fit` (how pictures of
any size become arrays of one shape), `prepare.prepare` (everything decoded once), `split` (train, validation and
test), `image_codec` (pixels to tensors and back) and `source` (endless, resumable batches). `open.open_images` does
the first three in one call.
"""
