"""Two interacting spin glasses: the loss surfaces of generator and discriminator."""
