"""Rosters of workers in hardship, from the workbooks units send to the report a union prints."""
