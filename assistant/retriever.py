"""A LangChain retriever whose documents are computed evidence, for chains such as RetrievalQA."""

from __future__ import annotations

from collections.abc import Callable

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever


class EvidenceRetriever(BaseRetriever):
    """Retrieves what is computed for a question, not what merely looks like it."""

    compute: Callable[[str], list[Document]]
    """Question → its documents, the computed evidence first."""

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[Document]:
        return self.compute(query)
