"""What only time series are measured by."""
