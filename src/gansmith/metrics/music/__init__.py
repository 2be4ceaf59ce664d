"""How music is judged: what musicians count, in made windows beside held-out ones."""
