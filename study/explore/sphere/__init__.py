"""The sphere: two clouds of unit vectors, what terms and metrics make of them, where descent takes them."""
