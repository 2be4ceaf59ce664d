"""The command line: reads words, calls `run`, shows events. Nothing else."""
