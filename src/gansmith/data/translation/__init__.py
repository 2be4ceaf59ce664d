"""Images to be translated: of two domains, in pairs or not, or made from one image by what a task takes away."""
