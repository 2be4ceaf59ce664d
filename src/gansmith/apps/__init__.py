"""What people do with a trained model: move through its latent space, mix styles, edit features, reconstruct."""
