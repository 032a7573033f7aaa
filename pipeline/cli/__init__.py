"""The command line: wrappers around `pipeline.service`, nothing else.

Standard output is the result, standard error is for people. Exit codes: 0 done, 1 done but single
items failed, 2 wrong usage or configuration, 3 could not run, 75 another run holds the lock.
"""
