"""A record linker in arrays, which the hotel's engine is built on: blocks, comparisons by level, EM, competition.

It knows no hotel. A declaration says what is compared and what may meet; the modules of `matching.core` are one such
declaration, febrl4 in the benchmarks another. Everything is a numpy array over all pairs of all queries at once.
"""
