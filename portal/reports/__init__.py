"""portal.reports"""
