"""The doctor on trial: games that are made to fail in known ways, and games that are well."""
