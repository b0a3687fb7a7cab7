"""Pictures of a study and of its embeddings: functions from tables and tensors to Plotly figures."""
