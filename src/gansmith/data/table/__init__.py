"""Tables: rows of numbers, categories, dates and flags, out of any common file or frame.

The parts, in the order in which data flows: `source.open_source` (a path or a frame becomes batches of text),
`profile.profile` (one pass over them: the values that occur), `find.find_schema` (what each column is, with a reason),
`parse` (text to numbers and codes), `table_set.TableSet` (all rows, compact, ready to be split) and `render` (numbers
and codes back to text, as the source spells it). `open.open_table` does all but the last in one call. Rules between
columns lie in the schema: `rules` checks and mends rows, and `rule_keeper` makes rows that keep them.
"""
