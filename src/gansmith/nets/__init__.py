"""Network families, one a file. Sizes come from the data's fields: any height, width and number of channels."""
