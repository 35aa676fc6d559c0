"""What the words of a sentence say about its part in a paper, and the sentence freed of what ties it to its place.

The cues follow the moves of argumentative zoning (Teufel and Moens, Computational Linguistics 2002): a fault of earlier work,
the paper's own contribution and its parts, an outcome with its figures.
"""

from __future__ import annotations

import re

PROBLEM = re.compile(
    r"\b(?:however|but|yet|although|despite|unfortunately|lack\w*|limit(?:ed|s|ation\w*|ing)|suffer\w*|(?-i:challeng)\w*|"
    r"difficult\w*|expensive|costly|fail\w*|unable|cannot|neglect\w*|ignor\w*|insufficient\w*|poor\w*|inefficien\w*|"
    r"degrad\w*|bottleneck\w*|drawback\w*|shortcoming\w*|underperform\w*|impractical|overlook\w*|scarce|hard to|"
    r"remains? (?:an? )?(?:open|unsolved|challeng\w+|difficult|unclear|limited)|rarely|restrict\w*|time-consuming|"
    r"not\s+(?:been|scale|generali\w+|well)|unclear|unexplored|under-?explored|prohibit\w*|prevent\w*|entangl\w*|"
    r"slow(?:ly|er)?|unstable|sensitive to|prone to|sub-?optimal|ill-suited|unsuitable|unavailable|"
    r"not (?:capture|leverage|account|consider|support|available|allow|reflect)|have yet to|black box|preclud\w*|hinder\w*|"
    r"at the (?:cost|expense))\b",
    re.IGNORECASE,
)
PRIOR = re.compile(
    r"\b(?:existing|previous|prior|current|traditional|conventional|recent(?:ly)?|state-of-the-art|standard|"
    r"most (?:methods|approaches|work|systems)|earlier|typically|commonly|often)\b",
    re.IGNORECASE,
)
#: What others do, in a section that says what the paper does.
OTHERS = re.compile(
    r"\b(?:existing|previous(?:ly)?|prior|most|many|recent(?:ly)?|a number of|et al|"
    r"and (?:his|her|their) (?:colleagues|collaborators|co-?workers))\b",
    re.IGNORECASE,
)
RELEASE = re.compile(
    r"\brelease\b[^.]{0,40}\b(?:code|models?|training set|data|weights|implementation)\b", re.IGNORECASE
)
SELF = re.compile(
    r"\b(?:we|our|ours|us|my|this (?:paper|work|study|article|report|thesis|dissertation|survey|review|challenge)|the proposed|"
    r"the present paper|the work presented)\b",
    re.IGNORECASE,
)
OWN = re.compile(
    r"\b(?:we (?:\w+ly )?(?:propose|present|introduce|develop|design|describe|build|construct|formulate|adopt|use|employ|"
    r"train|apply|extend|combine|model|replace|add|compute|define|minimi[sz]e|"
    r"optimi[sz]e)|our (?:\w+ ){0,2}(?:method|model|"
    r"approach|system|framework|network|architecture|algorithm|loss|objective)|"
    r"the proposed|this paper (?:proposes|presents|introduces)|in this (?:paper|work))\b",
    re.IGNORECASE,
)
CONTRIBUTION = re.compile(
    r"\b(?:we|this (?:paper|work|study|article|report)|the authors?)\b[^.]{0,60}?\b(?:propos\w+|present\w*|introduc\w+|"
    r"develop\w*|creat\w+|design\w*|describ\w+|releas\w+|explor\w+|investigat\w+|stud(?:y|ies)|analy[sz]\w+|"
    r"survey\w*|review\w*|"
    r"address\w*)\b",
    re.IGNORECASE,
)
MECHANISM = re.compile(
    r"\b(?:consists? of|composed of|comprises?|compris\w+|trained|training|loss|objective|encoder|decoder|"
    r"architecture|layers?|"
    r"module|algorithm|predicts?|generates?|estimat\w+|maps?|inputs?|outputs?|sampl\w+|optimi[sz]\w+|attention|"
    r"represent\w+|features?|stages?|step|procedure|pipeline|parameters?|minimi[sz]\w+|based on|by \w+ing|instead of)\b",
    re.IGNORECASE,
)
#: How well something did. "To improve X, we ..." is what was meant to be.
OUTCOME = re.compile(
    r"\b(?:outperform\w*|(?:(?<!to )|(?<=able to ))(?:(?<!room for )improv\w*|enhanc\w*|accelerat\w*|boost\w*|achiev\w*|"
    r"obtain\w*|reach\w*|reduc\w*|increas\w*|decreas\w*)|better|best|higher|lower|"
    r"faster|performance gains?|state-of-the-art|accuracy|error|significant\w*|"
    r"results? (?:show|indicate|demonstrate|suggest)\w*|"
    r"we (?:find|found|observe|show)|surpass\w*|(?:out|under)perform\w*|performs?|yield\w*|drops?|(?<!to )match(?:es|ed)?|"
    r"comparable|competitive|correlat\w+|generali[sz]e[sd]?|times (?:faster|more|less|as)|"
    r"(?:similar|close|equivalent) to|consistent with|resembl\w+|agrees? with|less (?:memory|time|data|computation)|fewer|"
    r"exceed\w*|superior|inferior|fares?|preferred|favou?red|rated (?:\w+ ){0,4}(?:more|less|higher|lower|better|as))\b",
    re.IGNORECASE,
)
#: An outcome of the paper as a whole, not of one of its tables.
CLAIM = re.compile(
    r"\b(?:outperform\w*|surpass\w*|state-of-the-art|new best|best[- ](?:result|perform|system)\w*|"
    r"(?:we|this (?:paper|work|study)) (?:\w+ )?(?:shows?|showed|shown|demonstrated?|demonstrates|find|found) that|"
    r"(?:(?<!to )|(?<=able to ))"
    r"(?:(?<!is )(?<!are )(?:achiev|reach|obtain|attain|yield)\w*|(?<!room for )improv\w+|reduc\w+)|won|first place|"
    r"generali[sz]e[sd]?|strong\w* \w* ?correlat\w+|(?<!to )match(?:es|ed)?|(?:perform|fare)\w* best|superior|"
    r"(?:results?|experiments?|evaluations?) (?:\w+ ){0,6}(?:show|indicate|demonstrate|suggest|confirm|reveal)\w*)\b",
    re.IGNORECASE,
)
#: Two things held against each other.
COMPARISON = re.compile(
    r"\b(?:than|versus|vs|compared (?:to|with)|in comparison|relative to|against|higher|lower|better|best|worse|worst|"
    r"similar(?:ly)?|comparable|equal|same (?:level|performance)|correlat\w+|prefer\w+|drops?|falls?|rises?|gains?|from \d|"
    r"margin|only|up to|at least|as \w+ as|less (?:memory|time|data|computation)|fewer)\b",
    re.IGNORECASE,
)
FIGURE = re.compile(r"(?<![\w.])\d+(?:\.\d+)?\s?(?:%|dB|ms|s\b|x\b|×|points?|times|hours?|[kKMGB]\b)?")
STRONG_FIGURE = re.compile(
    r"\d+\.\d+|\d\s?%|\d\s?(?:percent|dB|×|x\b|times|points?|BLEU|hours?|(?:test )?errors?)|\d+(?:st|nd|rd|th) place"
)
#: What a figure measures: without it a figure says little.
METRIC = re.compile(
    r"\b(?:accura\w+|precision|F[-\s]?(?:score|measure|1)\w*|perplexity|(?<!standard )errors?|"
    r"(?:listening|opinion|similarity|alignment|quality) scores?|"
    r"\w+ (?:rate|rating|ratio|index|distance)s?|"
    r"latency|speed\w*|faster|slower|throughput|memory|parameters?|hours|cost\w*|likelihood|correlat\w+|similarity|coverage|"
    r"preferred|preference|success\w*|opinion|quality|distortion|gains?|"
    r"(?-i:recall(?!s|ed)|BLEU|chrF\w*|ROUGE\w*|METEOR|CIDEr|W?ER|[CPDE]ER|MOS|[CDS]MOS|MUSHRA|PESQ|E?STOI|[A-Z-]*S[NDI]+Ri?|"
    r"FAD|FID|KL|m?IoU|m?AP|[mM]AP|n?DCG|NDCG|MRR|AUR?O?C|RMSE|MA?SE|MAE|MCD|dB|top-\d|Top-\d|[GT]?FLOPs?|R2|AIC|BIC|EM))\b",
    re.IGNORECASE,
)
SETUP = re.compile(
    r"\b(?:we (?:evaluate|use|used|recruit\w*|measure|report|compute|train|trained|split|follow|set|choose|"
    r"select\w*|conduct\w*)|"
    r"was assessed|were (?:then )?(?:asked|recruited|split|trained|evaluated|compared)|is evaluated|are evaluated|"
    r"(?<!all )metric\w*|test set contains|"
    r"we (?:first |then |also |only |further )?(?:plot|visuali[sz]e|analy[sz]e|examine|"
    r"investigate|explore|include|exclude|discard|apply|process|create|sample|"
    r"generate|initiali[sz]e|partition|collect|perform|normali[sz]e)|"
    r"(?:are|is|were|was) (?:created|generated|computed|sampled|applied|obtained|performed|normali[sz]ed|selected)|"
    r"dataset (?:contains|consists)|hyper-?parameters?|learning rate|checkpoints?|vocabulary|"
    r"participants? (?:were|complet\w+))\b",
    re.IGNORECASE,
)
#: How a system was trained and compared, which is no part of how it works.
EXPERIMENT = re.compile(
    r"\b(?:learning rate|batch size|mini-?batch\w*|epochs?|GPUs?|Adam\w*|optimi[sz]er|weight decay|dropout|early stopping|"
    r"hyper-?parameters?|random seeds?|evaluat\w+|metrics?|experiments?|train(?:ing)?,? (?:/|and|validation)|"
    r"validation (?:set|split)|test set|"
    r"we (?:\w+ )?(?:evaluate[d]?|compared?|report(?:ed)?|measured?|recruit(?:ed)?|split|conduct(?:ed)?|experiment(?:ed)?)|"
    r"baselines?|(?:listen\w+|user) (?:test|stud(?:y|ies))|participants?|kHz)\b",
    re.IGNORECASE,
)
POINTER = re.compile(
    r"^(?:(?:table|fig(?:ure|\.)?|algorithm|section|sec\.|appendix|eq(?:uation|\.)?)\s*\(?[\dA-ZIVX]|"
    r"(?:as )?(?:shown|illustrated|depicted|listed|summari[sz]ed|reported|given|presented) in (?:table|fig))"
    r"|\b(?:the rest of (?:this|the) paper|remainder of (?:this|the)|organi[sz]ed as follows|is structured as follows|"
    r"in the next section|in (?:section|sec\.)|"
    r"thanks to|supported by|funded by|this section|we (?:thank|refer (?:the reader|readers))|for (?:more )?details|"
    r"see (?:section|appendix|table|fig)|"
    r"in the (?:appendix|supplement\w*)|audio samples|demos? (?:and|page)|index terms|key ?words|"
    r"contributed equally|university|©|"
    r"available (?:at|online)|https?://|copyright|permission|arxiv preprint|accepted (?:at|to|for)|"
    r"corresponding author|e-?mail)\b"
    r"|\b(?:table|fig(?:ure|\.)?)\s?\d+\s?:"
    r"|\b(?:described|explained|detailed|summari[sz]ed|listed|given|presented|discussed) (?:below|above|next|in the following)\b"
    r"|\b(?:describe|explain|detail|discuss|present)\b[^.]{0,60}\bbelow\.$|^in the following,",
    re.IGNORECASE,
)
#: Points to what stands before or after it, wherever in the sentence.
TIED = re.compile(
    r"\b(?:these|those|aforementioned|following|as follows|above|below|latter|former|(?:two|three|several) (?:different )?"
    r"(?:ways|criteria|reasons|cases|aspects)|do (?:this|so)|this (?:end|way|problem|issue|limitation))\b",
    re.IGNORECASE,
)
#: A sentence cannot end so: something was cut off or taken out.
OPEN_END = re.compile(
    r"\b(?:as|in|of|than|to|from|by|with|for|and|or|the|an?|that|which|on|at|via|using|see|is|are|figure|table)\s?\.$",
    re.IGNORECASE,
)
ABOUT_FLOATS = re.compile(
    r"\b(?:tables?|fig(?:ures?|s?\.)|appendix|eqs?\.|equations?|algorithm|(?:sub)?section)\s*\(?\d", re.IGNORECASE
)
#: ``(3)`` that is no item of a list points to an equation.
EQUATION_NUMBER = re.compile(r"\((?:[2-9]|[1-9]\d)[a-z]?\)")
VARIABLE = re.compile(r"(?<![\w.’'-])[b-zB-HJ-Z](?![\w.’'-])")
#: Begins with what the sentence before it named. ``This`` before a noun says at least what it speaks of.
DANGLING = re.compile(
    r"^(?:it|they|that|otherwise|given that (?:it|they|this|these)|here|then|he|she|also|their|its|"
    r"(?!(?:while|although|though|if|when|whereas|since|because|as|once) (?!it |they |this |these ))"
    r"[^,]{0,60}, (?:it|they|this|these)|second(?:ly)?|third(?:ly)?|next|again|"
    r"(?:this|these|those|such) (?:is|are|was|were|can|could|may|will|has|have|had|do|does|makes?|leads?|means?|allows?|"
    r"enables?|results?|requires?|helps?|shows?|gives?|causes?|in turn|also|not)|"
    r"the (?:former|latter|same|above|other|two|three)|both|one|another|each|"
    r"in (?:this|that|both|all) (?:case|cases|way|setting)|"
    r"for (?:this|these|example|instance)|to (?:this|do so|address this|overcome this|solve this))\b",
    re.IGNORECASE,
)
#: A citation that is a part of the sentence leaves a hole when it is taken out.
CITED_AS_NOUN = re.compile(
    r"\b(?:in|by|of|from|to|with|following|as|and|than|on|for|see|use|uses|via|like)\s*\[\d{1,3}[^\]]*\]", re.IGNORECASE
)
#: Speaks of everything that was measured.
SUMMARY = re.compile(
    r"\b(?:on average|average[ds]?|overall|across (?:all|the)|"
    r"all (?:\w+ )?(?:tasks|datasets|metrics|conditions|baselines)|in total|"
    r"online (?:test|experiment|a/b)|state-of-the-art)\b",
    re.IGNORECASE,
)
MATH = re.compile(r"[=∑∏∫√≤≥≈∈∀∃∂∇α-ωΑ-Ω∥‖⟨⟩|{}\\^_<>~⊙⊕∗←→]|\b[a-zA-Z]\s?\([a-z]\b")
FUTURE = re.compile(
    r"\bfuture (?:work|research)\b|\bin (?:the )?future\b|"
    r"\bwe (?:hope|plan|believe|strive|aim|seek|wish)\b|\bhypothesi[sz]e|\bspeculate|"
    r"\bconjecture|\bmight\b",
    re.IGNORECASE,
)

_FLOAT = r"(?:Tables?|Tabs?\.|Figures?|Figs?\.?|(?:[Ss]ub)?[Ss]ections?|Secs?\.|Appendi(?:x|ces)|Equations?|Eqs?\.|Algorithm)"
_FLOAT_NUMBER = rf"{_FLOAT}\s*\(?[\dIVXA-H][\w.()]*(?:\s*(?:,|and|&|to|[-–])\s*\(?[\dIVXA-H][\w.()]*)*"
_LEADING = re.compile(
    r"^(?:"
    r"(?:however|moreover|furthermore|additionally|in addition|besides|therefore|thus|hence|consequently|as a result|"
    r"accordingly|specifically|in particular|more specifically|more precisely|concretely|notably|importantly|interestingly|"
    r"surprisingly|remarkably|unfortunately|finally|lastly|overall|in summary|in conclusion|to summari[sz]e|"
    r"in short|indeed|"
    r"in fact|similarly|likewise|meanwhile|nevertheless|nonetheless|on the other hand|on the one hand|in contrast|"
    r"by contrast|conversely|instead|first(?:ly)?|second(?:ly)?|third(?:ly)?|then|next|also|here|to this end|to that end|"
    r"to address (?:this|these|the above)(?: \w+)?|to (?:overcome|solve|tackle) (?:this|these)(?: \w+)?|"
    r"in this (?:paper|work|study|section|article|report)|in our (?:experiments?|evaluation)|rather|still|so|again|"
    r"as such|for (?:example|instance)|"
    r"as (?:we )?(?:discussed|mentioned|noted|described|stated|explained)(?: (?:above|before|earlier|previously|in the \w+))?),"
    # these need no comma: they can begin nothing else
    r"|(?:however|moreover|furthermore|therefore|thus|hence|but|and|yet|in this (?:paper|work|study|article))"
    rf"|"
    rf"(?:as|it) (?:can be |is |are |we )?(?:shown|seen|illustrated|depicted|listed|summari[sz]ed|reported|given|"
    rf"presented|see)"
    rf"(?: (?:in|from|by|that))?(?: {_FLOAT_NUMBER})?(?: that)?,?"
    rf"|(?:in|from) (?!sec){_FLOAT_NUMBER},?(?: we (?:can )?(?:see|observe|show|find|report)(?: that)?)?"
    rf"|{_FLOAT_NUMBER}(?: \([^()]*\))? (?:\w+ )?(?:shows?|demonstrates?|indicates?|confirms?|illustrates?|reveals?|suggests?)"
    r" that"
    r"|(?:our |the |these |experimental |extensive |empirical |evaluation |preliminary )*"
    r"(?:results|experiments|evaluations?|findings)"
    r"(?: \w+){0,3}? (?:show|demonstrate|indicate|suggest|reveal|confirm)s?(?:ed)? that"
    r"|we (?:also |further |then )?(?:find|found|observed?|noted?|see|show|showed|demonstrated?|argue|believe) that"
    r"|it (?:is|should be) (?:worth )?(?:noted|noting|clear|evident) that|note that"
    r")\s+(?=\S)",
    re.IGNORECASE,
)
#: "We show that X works and propose Y": without its beginning, Y would have another subject.
_SHARED_SUBJECT = re.compile(
    r"\band (?:also |then |further )?(?:propose|present|introduce|provide|demonstrate|show|develop|discuss|release|use)\b"
)
_TRAILING = re.compile(
    rf"\s*(?:,?\s*(?:as|and) (?:is |are )?(?:shown|seen|illustrated|depicted|listed|described|detailed|reported|"
    rf"discussed|given|"
    rf"can be seen) (?:in|by|from) {_FLOAT_NUMBER}|,?\s*see(?: also)? {_FLOAT_NUMBER}|,? in {_FLOAT_NUMBER})(?=\s*[.;,]?$)",
    re.IGNORECASE,
)
_INNER_POINTER = re.compile(
    rf" (?:from|in) (?:Tables?|Figures?|Figs?\.) [\dIVX][\w.]*(?= (?:and|with|we|which|that)\b|,)|"
    rf",? (?:as )?(?:introduced|defined|described|given|shown|presented|detailed|discussed|depicted) in {_FLOAT_NUMBER},?(?= )"
)
_POINTING_BRACKETS = re.compile(
    rf"\s*\((?:see |cf\. |e\.g\.,? |i\.e\.,? |also |shown in |left|right|top|bottom|vs\.|[,;] ?| |{_FLOAT_NUMBER})+\)",
    re.IGNORECASE,
)
_OWN_IT = re.compile(
    r"^It (?=(?:also |further |even |significantly |consistently )*(?:achieves|outperforms|reduces|improves|obtains|"
    r"reaches|"
    r"runs|yields|surpasses|consists|uses|combines|learns|operates|generates|requires|matches|attains)\b)"
)


def standalone(sentence: str) -> str:
    """The sentence without what ties it to its neighbours, tables and figures: it will stand alone in a bullet.

    ``As shown in Fig. 2, however, X improves Y (Table 3).`` becomes ``X improves Y.``
    """
    text = _POINTING_BRACKETS.sub("", _LIST_MARK.sub("", sentence))
    text = _TRAILING.sub("", text)
    for _ in range(3):  # "However, in this paper, we show that"
        found = _LEADING.match(text)
        shorter = text[found.end() :] if found else text
        if (
            found is None
            or len(shorter.split()) < 5
            or (found[0].endswith("that ") and _SHARED_SUBJECT.search(shorter))
        ):
            break
        text = shorter
    text = _INNER_POINTER.sub("", text)
    text = _OWN_IT.sub("The proposed method ", text[:1].upper() + text[1:])
    return text if text.endswith((".", "!", "?")) else f"{text.rstrip(',;: ')}."


_LIST_MARK = re.compile(r"^(?:\(?(?:\d{1,2}|[ivx]{1,4}|[a-h])\)|[•·▪–-])\s+")


def figures_of(sentence: str) -> frozenset[str]:
    """The figures of a sentence that say something by themselves: decimals, percentages, and what has a unit."""
    return frozenset(re.findall(r"\d+\.\d+|\d+(?=\s?(?:%|percent|dB|×|x\b|times|points?|ms\b|hours?))", sentence))


def is_outcome(sentence: str) -> bool:
    """Whether it says how well something did: a claim, or an outcome with a figure."""
    return bool(CLAIM.search(sentence) or (OUTCOME.search(sentence) and STRONG_FIGURE.search(sentence)))
