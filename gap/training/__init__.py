"""Training: one fine-tuning run after another, epoch by epoch."""
