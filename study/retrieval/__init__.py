"""Search by meaning in a study's pictures and captions, with what one of its trials makes of them."""
