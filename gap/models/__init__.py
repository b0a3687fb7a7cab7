"""Models: load a CLIP, let adapters reach every projection, save and reload them."""
