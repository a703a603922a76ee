"""Prompt templates, as files with named variables; package data only, read by `assistant`."""
