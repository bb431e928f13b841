"""The corpus of the pocket BERT: a grammar of facts and short stories, written for this course."""

from course.corpus.exam import Exam, MaskedWord, SentencePair, heldout

__all__ = ["Exam", "MaskedWord", "SentencePair", "heldout"]
