"""Inputs that nobody would write, for everything that reads what comes from outside: ``python -m fuzz``.

Each target has ``INPUTS``, a hypothesis strategy, and ``check(value, scratch)``, which gives one input to the product
and says in a word what became of it. Whatever it raises is a defect; so is an input that takes too long, takes too much
memory, ends the process, writes outside ``scratch``, starts a program or opens a connection.
"""
