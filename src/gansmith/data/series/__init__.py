"""Time series: read from tables and arrays, put on even steps, cut into windows, turned into tensors and back."""
