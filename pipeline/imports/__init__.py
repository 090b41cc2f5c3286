"""Files on their way into the hotel's tables: upload, questions, preview, import, recipes, received files.

`pipeline.intake` reads bytes into flat lines; `delivery` hands the lines to the hotel's SQL functions. Nothing here
writes a table of the hotel directly, and no content of a file is kept after its import.
"""
