"""A user's own images: a table of image and caption beside them."""
