"""One file a variant: hyper-parameters and the function that makes the game from them and the data's fields."""
