"""What the engine benchmark asks: four questions about a long text, and the instructions in front of every short one."""

from __future__ import annotations

SYSTEM_LONG = (
    "你是学术论文助理。根据用户给出的论文正文回答问题，用准确、通顺的中文学术语言书写。只依据正文，不编造；"
    "模型名、数据集名、缩写和数字照抄原文。只写正文，不要标题，不要列表。"
)

#: Name and question. "论文正文" suits both orders: the text before the question and after it.
QUESTIONS = (
    ("background", "这篇论文的研究背景是什么？说明要解决的问题和已有方法的不足，约200字。"),
    ("method", "这篇论文提出了什么方法？说明总体思路、主要组成部分和训练方式，约600字。"),
    ("results", "这篇论文的实验结果如何？说明数据集、对比方法和主要数字，约200字。"),
    ("contribution", "这篇论文的主要贡献和局限是什么？约200字。"),
)

SYSTEM_PIECES = (
    "你是学术论文翻译。把用户给出的英文译成准确、完整、通顺的中文学术语言，遵守以下规则：\n"
    "一、只输出译文，不解释，不遗漏，不增添，不重复原文。\n"
    "二、模型名、数据集名、缩写、人名、公式、网址和数字照抄原文，其余英文全部译成中文；首次出现的术语不加英文注释。\n"
    "三、一段话译成一段话，句子的次序不变；长句可以拆成几个短句，但意思之间的关系要写清楚。\n"
    "四、引用标记如 [12] 保留在原来的位置；图表编号写作“图3”“表2”。\n"
    "五、被动语态一般译成主动语态，“we”译作“我们”，语气与原文一致：原文只说“可能”时，译文也不能说得肯定。\n"
    "六、使用全角标点；数字与单位之间不加空格。"
)

#: English and Chinese, from a sentence to a short paragraph: with the rules above about 900 tokens in front of every text.
EXAMPLES = (
    (
        "Automatic piano transcription, which converts recordings into symbolic notes, has improved considerably in "
        "recent years, yet existing models degrade sharply when the recording conditions differ from those seen during "
        "training.",
        "自动钢琴转录旨在将录音转换为符号化音符，近年来取得了长足进步，但当录音条件与训练时不同时，现有模型的性能会急剧下降。",
    ),
    (
        "To address this, we introduce NoteBridge, a lightweight adapter with only 1.2M parameters that is trained on 40 "
        "hours of unlabeled audio and raises the note F1 on MAESTRO from 88.3% to 91.7%.",
        "为此，我们提出了NoteBridge，这是一种仅含1.2M参数的轻量级适配器，它在40小时的无标注音频上训练，"
        "并将MAESTRO上的音符F1从88.3%提升至91.7%。",
    ),
    (
        "The encoder follows [14] and downsamples the input by a factor of 8; all other layers are shared.",
        "编码器沿用[14]的设计，将输入下采样8倍；其余各层均共享参数。",
    ),
    (
        "Speech enhancement in the wild remains difficult because noise, reverberation and clipping occur together. Most "
        "systems are trained on one distortion at a time, and their errors add up when several of them are chained. We "
        "therefore treat restoration as a single generative problem: given a degraded recording, a diffusion model draws "
        "a clean one that is consistent with it. As Fig. 3 shows, this may introduce phonetic errors at very low "
        "signal-to-noise ratios, but it does not suffer from the artefacts of masking.",
        "真实环境下的语音增强仍然困难，因为噪声、混响和削波会同时出现。大多数系统每次只针对一种失真进行训练，"
        "当多个系统串联使用时，误差会不断累积。因此，我们把语音修复视为单一的生成问题：给定一段退化的录音，"
        "由扩散模型采样出与之一致的干净录音。如图3所示，在信噪比极低时，该方法可能引入音素错误，但不会出现掩蔽方法的伪影。",
    ),
    (
        "Table 2 reports the word error rate on both test sets. Without the language model the gap between the two "
        "systems is 0.8 points; it disappears once rescoring is applied.",
        "表2给出了两个测试集上的词错误率。不使用语言模型时，两个系统相差0.8个百分点；采用重打分之后，这一差距消失。",
    ),
    (
        "We are not aware of any earlier work that evaluates such models with listeners who have hearing loss.",
        "据我们所知，此前没有研究邀请听力受损的听者来评估这类模型。",
    ),
    (
        "All experiments were repeated five times with different random seeds, and we report the mean together with the "
        "95% confidence interval; training one model takes about 6 hours on a single GPU.",
        "所有实验均以不同的随机种子重复五次，我们报告均值及其95%置信区间；在单块GPU上训练一个模型约需6小时。",
    ),
)
