"""What the study page shows of trials, part by part."""
