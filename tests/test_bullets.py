"""Bullets: leads, what is cut off a sentence on either side of the translation, and what makes a bullet worthless."""

from __future__ import annotations

import pytest

from summarizer.summarize.bullets import bullet_faults, free_lead, lead_fits, polished, split_lead
from summarizer.summarize.cues import standalone


@pytest.mark.parametrize(
    ("text", "lead", "sentence"),
    [
        ("适配器结构：适配器由两层卷积组成。", "适配器结构", "适配器由两层卷积组成。"),
        ("- **WER降低**：词错误率降低2.1。", "WER降低", "词错误率降低2.1。"),
        ("PaLM 540B的训练：扩展到6144个芯片。", "PaLM 540B的训练", "扩展到6144个芯片。"),
        ("适配器由两层卷积组成。【适配器结构】", "适配器结构", "适配器由两层卷积组成。"),
        ("提出Transformer，不用循环和卷积。【基于注意力机制的简单】", "", "提出Transformer，不用循环和卷积。"),
        ("适配器由两层卷积组成。【结果】。", "", "适配器由两层卷积组成。"),
        ("方法：我们提出一种新方法。", "", "我们提出一种新方法。"),
        ("我们的方法：提出一种新方法。", "", "提出一种新方法。"),
        ("原文中保留的元素：原文中保留的元素。", "", "原文中保留的元素。"),
        ("该方法更好。", "", "该方法更好。"),
        ("Text2FX，我们首先计算损失。", "", "Text2FX，我们首先计算损失。"),
        ("我们在三个公开数据集上评估了该方法并得到：结果更好。", "", None),
    ],
)
def test_a_lead_is_a_name(text: str, lead: str, sentence: str | None) -> None:
    assert split_lead(text) == (lead, text if sentence is None else sentence)


def test_a_bullet_without_a_lead_gets_one_by_its_source_and_none_twice() -> None:
    source = "The network is trained with a masking loss."
    assert free_lead("method", source, set()) == "训练目标"
    assert free_lead("method", source, {"训练目标"}) == "训练方式"
    assert free_lead("method", "Birds sing.", set()) == "方法要点"
    assert free_lead("results", "It is 3.1 times faster.", set()) == "效率与开销"
    assert free_lead("results", "Birds sing.", {"主要结果"}) == "其他结果"
    every = {"主要结果", "其他结果", "进一步结果", "补充结果"}
    assert free_lead("results", "Birds sing.", every) == "主要结果", "then it joins the bullet of that name"


def test_a_lead_without_cue_is_a_term_of_the_glossary_that_stands_in_the_bullet() -> None:
    assert free_lead("method", "Birds sing.", set(), ["向量量化", "STFT损失", "码"]) == "向量量化"
    assert free_lead("method", "Birds sing.", {"向量量化"}, ["向量量化"]) == "方法要点"
    assert free_lead("method", "We propose a loss.", set(), ["向量量化"]) == "核心方法", "a cue tells more"


@pytest.mark.parametrize(
    ("task", "lead", "sentence", "fits"),
    [
        ("results", "音色转换", "VampNet在36步采样时的FAD最低，12步时相当。", False),
        ("results", "注意力机制", "在英法翻译任务上，该模型取得41.8的BLEU。", False),
        ("results", "训练效率", "该采样方法使训练收敛加快27.2%，感知质量相近。", True),
        ("results", "性能提升", "该系统显著优于Sinsy和其他基线。", True),
        ("results", "对比结果", "两个变体的成功率约为50%。", True),
        ("method", "性能提升", "编码器由两层卷积组成。", False),
        ("method", "感受野设置", "除第一层外，各层卷积的感受野都很小。", True),
        ("method", "训练目标", "DAC结合对抗损失和谱损失。", True),
    ],
)
def test_a_lead_speaks_of_what_its_sentence_says(task: str, lead: str, sentence: str, fits: bool) -> None:
    assert lead_fits(task, lead, sentence) is fits  # type: ignore[arg-type]


def test_a_bullet_that_turns_a_denial_is_no_bullet() -> None:
    source = "Of the twelve ranked proposals the strict filter accepts none."
    assert bullet_faults(source, "", "严格的过滤器接受排序后的全部十二个提案。")
    assert bullet_faults(source, "", "严格的过滤器不接受排序后的十二个提案中的任何一个。") == []
    assert bullet_faults("The gate works not only at night but all day.", "", "该门控不只在夜间，而是全天有效。") == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("此外，我们使用两层卷积网络估计掩码。", "使用两层卷积网络估计掩码。"),
        ("如表3所示，该模型的词错误率降至5.1%。", "该模型的词错误率降至5.1%。"),
        ("实验结果表明，我们的方法在两个数据集上都更好。", "该方法在两个数据集上都更好。"),
        ("该模型的词错误率降至5.1%（见表2），优于基线。", "该模型的词错误率降至5.1%，优于基线。"),
        ("本文提出一种两阶段的语音增强方法。", "提出一种两阶段的语音增强方法。"),
        ("因此更好。", "因此更好。"),
        ("如前所述，该系统由多个模块组成，可以在线运行。", "该系统由多个模块组成，可以在线运行。"),
        ("正如我们在介绍中讨论的，更深的模型误差不应更高。", "更深的模型误差不应更高。"),
        ("这项工作引入了一种新的音频表示。", "引入了一种新的音频表示。"),
        ("我们首先基于DAC训练一个音频分词器。", "基于DAC训练一个音频分词器。"),
        ("我们的CNN最多有34层，可以高效优化。", "该CNN最多有34层，可以高效优化。"),
        ("我们展示了如何调整延迟。", "展示了如何调整延迟。"),
        ("在实践中，我们对一组查询同时计算注意力。", "在实践中，对一组查询同时计算注意力。"),
        ("他们的控制复杂，对非专业人士来说很难。", "控制复杂，对非专业人士来说很难。"),
        ("模型由编码器和解码器组成。", "模型由编码器和解码器组成。"),
        ("即使如此，修订版得分更高，且排名在前。", "修订版得分更高，且排名在前。"),
        ("即便模型很小，它在嘈杂环境里也有效。", "即便模型很小，它在嘈杂环境里也有效。"),
    ],
)
def test_a_chinese_sentence_is_made_to_stand_alone(before: str, after: str) -> None:
    assert polished(before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("As shown in Fig. 2, the mask is estimated by a network.", "The mask is estimated by a network."),
        ("However, existing methods fail in noisy rooms.", "Existing methods fail in noisy rooms."),
        ("Table 3 shows that the model gains 3.2 dB on WHAM.", "The model gains 3.2 dB on WHAM."),
        ("Our results show that depth helps on all corpora.", "Depth helps on all corpora."),
        ("In this paper, we propose NoisyNet for speech in noise.", "We propose NoisyNet for speech in noise."),
        ("The gain is 3.2 dB on average (Table 3).", "The gain is 3.2 dB on average."),
        ("The gain is 3.2 dB on average, as shown in Table 3.", "The gain is 3.2 dB on average."),
        ("It achieves a word error rate of 5.1% on the test set.",
         "The proposed method achieves a word error rate of 5.1% on the test set."),
        ("The scheme introduced in Equation 2 gains 10% on AMI.", "The scheme gains 10% on AMI."),
        ("With the data from Table 1 and two seeds, the gate wins.", "With the data and two seeds, the gate wins."),
        ("As discussed in the introduction, deeper nets are no worse.", "Deeper nets are no worse."),
        ("It is hard to separate voices.", "It is hard to separate voices."),
        ("Figure captions are generated by a second model.", "Figure captions are generated by a second model."),
        ("Thus it fails.", "Thus it fails."),
        ("We show that echoes help and propose two new gates.", "We show that echoes help and propose two new gates."),
        ("Instead of pooling, the network uses one more layer.", "Instead of pooling, the network uses one more layer."),
        ("In addition to noise, the corpus has reverberation.", "In addition to noise, the corpus has reverberation."),
    ],
)  # fmt: skip
def test_an_english_sentence_is_freed_of_its_place(before: str, after: str) -> None:
    assert standalone(before) == after


def test_a_bullet_that_says_too_little_is_found() -> None:
    source = "The mask estimator predicts one mask for each speaker from the shared features of the encoder."
    assert bullet_faults(source, "掩码估计", "掩码估计器由编码器的共享特征为每个说话人预测一个掩码。") == []
    assert bullet_faults(source, "", "掩码估计器预测掩码。")
    assert bullet_faults("A name.", "原文中保留的元素说明", "原文中保留的元素说明。")
    assert bullet_faults(source, "", "掩码估计器由编码器的共享特征为每个说话人预测：")
    for to, faulty in (("84.7%", True), ("88.1%", False), ("84.75%", False)):
        told = f"在四样本设置下，该模型的准确率从84.7%提升到{to}，高于此前的结果。"
        assert bool(bullet_faults("The accuracy improves to 84.7%.", "", told)) is faulty
    apart = "使用所有-迷你-语言-低-维度-版本-第-二-层-模型，其维度为384，不进行任何训练。"
    assert bullet_faults("We use all-MiniLM-L6-v2 with its 384 dimensions as it is.", "", apart)
    assert bullet_faults("Speech is mixed.", "", "语音-文本联合训练的编码器很有效，误差率下降。") == []
