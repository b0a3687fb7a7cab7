"""What a training step holds and computes, found by making the step on tensors that have shapes and no values.

The step itself is made, whatever it is: forward, loss, backward, optimiser. So whatever is changed in the training is
in the plan as well. What happens inside one kernel is not seen: the workspaces of libraries, and how an allocator cuts
memory up.
"""
