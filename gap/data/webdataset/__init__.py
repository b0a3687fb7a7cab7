"""Shards as open_clip users have them: uncompressed tar files of images with a caption each."""
