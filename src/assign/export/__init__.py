"""
Every answer in the forms that other systems read.
"""
