"""What events of a simulator are judged by: columns, derived quantities, peaks and correlations."""
